"""Commands of galleries: work, gallery, demo."""
