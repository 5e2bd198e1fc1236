"""A page that paints in the visitor's browser, and the folder that it is."""
