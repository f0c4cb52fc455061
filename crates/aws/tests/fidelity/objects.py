"""Objects of S3: that one was deleted is told to whoever reads it, and not only to who looks at its head."""

from moto.s3.exceptions import MissingKey
from moto.s3.models import FakeDeleteMarker
from moto.s3.responses import S3Response

from . import answers


def apply():
    there = S3Response.get_object

    def get_object(self):
        try:
            return there(self)
        except MissingKey:
            key = self.parse_key_name()
            marker = self.backend.get_object(self.bucket_name, key, return_delete_marker=True)
            if not isinstance(marker, FakeDeleteMarker):
                raise
            status, headers, body = answers.error("s3", 404, "NoSuchKey", "The specified key does not exist.")
            told = {"x-amz-delete-marker": "true", "x-amz-version-id": marker.version_id}
            return status, {**headers, **told}, body

    S3Response.get_object = get_object
