// The styles to choose from and the settings, built from what page.json says of them.

/** One tile for a style: {name, title, thumbnail address}. */
export function styleTile({title, thumbnail}, onChoose) {
  const [name, maker] = title.split(/, (?=[^,]+$)/);
  const tile = element('button', {className: 'style', type: 'button', ariaPressed: 'false'});
  const picture = element('img', {src: thumbnail, alt: '', loading: 'lazy', width: 116, height: 116});
  tile.append(picture, element('span', {className: 'name', textContent: name}));
  if (maker) tile.append(element('span', {className: 'maker', textContent: maker}));
  tile.addEventListener('click', () => onChoose(tile));
  return tile;
}

/** Marks one tile of a group as the chosen one. */
export function press(group, tile) {
  for (const other of group.querySelectorAll('[aria-pressed]')) other.ariaPressed = String(other === tile);
}

/** A setting's control, as artnet/settings.py describes it; `onChange` gets its value. */
export function settingControl({default: value, label, help, bounds, step}, onChange) {
  const row = element('label', {className: bounds ? 'setting' : 'switch', title: help});
  if (!bounds) {
    const box = element('input', {type: 'checkbox', checked: value});
    box.addEventListener('change', () => onChange(box.checked));
    row.append(box, label);
    return row;
  }
  const [min, max] = bounds;
  const slider = element('input', {type: 'range', min, max, step, value});
  const shown = element('output');
  const show = () => { shown.value = max > 1 ? `${slider.value} px` : `${Math.round(100 * slider.value)} %`; };
  slider.addEventListener('input', show);
  slider.addEventListener('change', () => onChange(Number(slider.value)));
  show();
  row.append(label, shown, slider);
  return row;
}

function element(name, values = {}) {
  return Object.assign(document.createElement(name), values);
}
