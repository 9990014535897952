"""Uploads in parts that were begun and never ended: a store keeps their parts, and bills them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from relume.extras import need
from relume.scale.storage import is_address, patiently

STALE = timedelta(days=1)
"""Older uploads are nobody's any more; a picture takes minutes at most."""


def abort_stale(address: str, *, older_than: timedelta = STALE) -> int:
    """Abort stale uploads of S3 under an address, and return how many they were.

    Other stores clean up by themselves, or by a rule of the bucket.

    Raises: OSError for a store that does not answer, or does not let us.
    """
    scheme, _, place = address.partition("://")
    if not is_address(address) or scheme not in ("s3", "s3a"):
        return 0
    bucket, _, prefix = place.partition("/")
    system: Any = need("fsspec", extra="scale").filesystem("s3")
    aborted, markers = 0, {}
    while True:
        about = {"Bucket": bucket, "Prefix": prefix, **markers}
        page = patiently(partial(system.call_s3, "list_multipart_uploads", **about))
        for upload in page.get("Uploads", []):
            if datetime.now(UTC) - upload["Initiated"] > older_than:
                about = {"Key": upload["Key"], "UploadId": upload["UploadId"]}
                abort = partial(system.call_s3, "abort_multipart_upload", Bucket=bucket, **about)
                patiently(abort)
                aborted += 1
        if not page.get("IsTruncated"):
            return aborted
        markers = {
            "KeyMarker": page["NextKeyMarker"],
            "UploadIdMarker": page["NextUploadIdMarker"],
        }
