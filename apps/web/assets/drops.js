// Files that are dropped or pasted anywhere on the page while a tab is shown.

/** `given` is called with them; the stage shows that it takes them. */
export function listenToDrops(root, stage, given) {
  const here = () => root.offsetParent !== null;
  const carries = (event) => event.dataTransfer?.types.includes("Files") && here();
  let depth = 0;
  const over = (change) => (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    depth = Math.max(0, depth + change);
    stage.classList.toggle("over", depth > 0);
  };
  document.addEventListener("dragenter", over(1));
  document.addEventListener("dragleave", over(-1));
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    depth = 0;
    stage.classList.remove("over");
    if (!carries(event)) return;
    event.preventDefault();
    given(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => here() && event.clipboardData?.files.length && given(event.clipboardData.files));
}
