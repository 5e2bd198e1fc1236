"""The page that shows the stream: the painting on black, as large as it fits, and nothing else."""

PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>ArtNet</title>
<link rel="icon" href="data:,">
<style>
  html, body { margin: 0; height: 100%; overflow: hidden }
  body { background: #000 }
  p, img { position: absolute; inset: 0; margin: 0 }
  p { display: grid; place-items: center; color: #999; font: 16px system-ui, sans-serif }
  [hidden] { display: none }
  img { width: 100%; height: 100%; object-fit: contain }
</style>
<p>waiting for the first picture</p>
<img src="/stream.mjpg" alt="">
<script>
  const [words, painting] = [document.querySelector("p"), document.querySelector("img")];
  let run = null;
  // The stream of a program that was started anew must be asked for again: no event tells that the old one ended.
  async function look() {
    words.hidden = painting.naturalWidth > 0;
    try {
      const now = (await fetch("/", {method: "HEAD"})).headers.get("ETag");
      if (run !== null && now !== run) painting.src = "/stream.mjpg?" + Date.now();
      run = now;
    } catch { run = ""; }
  }
  look();
  setInterval(look, 1000);
</script>
</html>
"""
