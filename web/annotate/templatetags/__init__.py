"""What templates of annotate say."""
