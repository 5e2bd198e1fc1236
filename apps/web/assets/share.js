// Settings in the page's address, behind the #, which browsers never send.

/** "#style=great-wave:0.6+scream:0.4&strength=0.8": of the bundled styles and of all that differs from the defaults. */
export function encoded(value, defaults) {
  const styles = value.styles.filter((style) => style.name);
  const weighted = (style) => (styles.length > 1 ? `${style.name}:${style.weight}` : style.name);
  const parts = styles.length ? [`style=${styles.map(weighted).join("+")}`] : [];
  for (const [name, usual] of Object.entries(defaults)) {
    if (value[name] !== usual) parts.push(`${name}=${Number(value[name])}`);
  }
  return `#${parts.join("&")}`;
}

/** What an address says, as far as it makes sense; null where it says nothing. */
export function decoded(hash, defaults, names, most) {
  const fields = new Map(hash.slice(1).split("&").map((part) => part.split("=")));
  const found = { ...defaults };
  for (const [name, usual] of Object.entries(defaults)) {
    const number = Number.parseFloat(fields.get(name));
    if (Number.isFinite(number)) found[name] = typeof usual === "boolean" ? number === 1 : number;
  }
  const styles = (fields.get("style") ?? "").split("+").map((part) => part.split(":"));
  found.styles = styles
    .filter(([name]) => names.includes(name))
    .slice(0, most)
    .map(([name, weight]) => ({ name, weight: Math.min(1, Math.max(0, Number(weight ?? 1) || 0)) }));
  return found.styles.length ? found : null;
}
