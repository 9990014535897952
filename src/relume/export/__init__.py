"""Leave torch: model files that carry their card and agree with the network they came from."""
