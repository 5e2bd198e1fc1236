// Pictures that are dropped on the page or pasted into it.

/** @param take called with every such file. */
export function onDropped(take) {
  const first = (list) => [...list?.files ?? []].find(({type}) => type.startsWith('image/'));
  const mark = (isOver) => document.body.classList.toggle('dragging', isOver);
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    mark(true);
  });
  document.addEventListener('dragleave', ({relatedTarget}) => mark(relatedTarget !== null));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(false);
    const file = first(event.dataTransfer);
    if (file) take(file);
  });
  document.addEventListener('paste', ({clipboardData}) => {
    const file = first(clipboardData);
    if (file) take(file);
  });
}
