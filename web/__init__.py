"""The search page: galleries of pictures, searched, annotated and grown in a browser, by any network trained here."""
