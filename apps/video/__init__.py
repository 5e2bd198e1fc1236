"""artnet video, and what the page and the webcam need of videos."""
