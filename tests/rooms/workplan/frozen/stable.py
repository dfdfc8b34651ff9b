"""Office files packed again with fixed times, so that a second run gives the same bytes."""
import datetime
import io
import re
import zipfile

DAY = datetime.datetime(2026, 1, 1)


def rezip(data):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            blob = old.read(name)
            if name == "docProps/core.xml":
                blob = re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>2026-01-01T00:00:00Z", blob)
            if name == "docProps/app.xml":
                blob = re.sub(rb"(<Application>)[^<]*", rb"\g<1>", blob)
            info = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(info, blob)
    return out.getvalue()
