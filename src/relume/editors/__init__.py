"""Plug-ins for other programs, as those programs want them; `install` puts them where they look.

What lies in the folders here is read by darktable, GIMP, ComfyUI and VapourSynth, not imported.
"""
