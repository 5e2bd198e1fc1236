"""From scores to a plan: how groups compare, who goes for a target, and what that costs."""
