"""relume for ComfyUI: one node, more light for dark pictures."""

from .nodes import comfy_entrypoint

__all__ = ["comfy_entrypoint"]
