"""The quality table: pairs painted (paint), scored (score) and laid side by side (gallery)."""
