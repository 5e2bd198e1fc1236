"""artnet prune and artnet criteria: channels of ArtNet, of classifiers, and of anybody's own network."""
