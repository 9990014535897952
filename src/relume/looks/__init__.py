"""What methods saw of pictures: looks, apart from the pass that paints them."""
