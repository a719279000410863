"""Decoding: what the one reader of pictures is made of: orientation, colours, depth, sound JPEG files, silence."""
