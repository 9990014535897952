// Sliders for a method's knobs, from its card.

const STEPS = 200;

// A labelled slider; calls `changed` while it moves. Returns its <input>.
export function slider(place, { name, label, low, high, value, whole, hint }, changed) {
  const box = document.createElement('div');
  box.className = 'field knob';
  const id = `knob-${name}`;
  const title = document.createElement('label');
  title.htmlFor = id;
  title.textContent = label;
  const output = document.createElement('output');
  output.htmlFor = id;
  const input = document.createElement('input');
  Object.assign(input, { type: 'range', id, min: low, max: high });
  input.step = whole ? 1 : (high - low) / STEPS;
  input.defaultValue = value;
  input.dataset.name = name;
  const show = () => { output.value = shown(Number(input.value)); };
  input.addEventListener('input', () => { show(); changed(); });
  input.addEventListener('change', show); // for whoever sets it: what it shows, and no more
  show();
  box.append(title, output, input);
  if (hint) {
    const words = document.createElement('p');
    words.className = 'hint';
    words.id = `${id}-hint`;
    words.textContent = hint;
    input.setAttribute('aria-describedby', words.id);
    box.append(words);
  }
  place.append(box);
  return input;
}

export function shown(value) {
  return String(Number(value.toPrecision(3)));
}

// Put a card's knobs into `place`; returns a function that reads those moved from their defaults.
export function knobs(place, card, changed) {
  place.replaceChildren();
  const inputs = (card?.knobs ?? []).map((knob) => {
    const { name, low, high, whole, meaning } = knob;
    const about = { name, label: name.replaceAll('_', ' '), low, high, whole, hint: meaning };
    const input = slider(place, { ...about, value: knob.default }, changed);
    return { name, input, first: input.value };
  });
  return () => Object.fromEntries(
    inputs.filter(({ input, first }) => input.value !== first)
      .map(({ name, input }) => [name, Number(input.value)]),
  );
}
