"""Drawing: what all pictures of measured points have in common."""
