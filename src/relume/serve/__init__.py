"""relume over HTTP: an API for programs and a page for people, on this machine unless told else.

One process speaks HTTP and decodes nothing; pictures are decoded, enhanced and encoded in worker
processes, which are killed at a time limit, when their client has gone and when they take more
memory than they were given, and replaced. What waits and what is worked on shares one budget of
bytes. See docs/service.md.
"""

from __future__ import annotations
