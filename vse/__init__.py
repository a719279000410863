"""Image-text embedding: pictures and sentences in one space, after VSE++."""
