// How often each level occurs in a picture, per channel, drawn on a canvas.

const SIDE = 256; // a picture is reduced to this longest side before it is counted

// Count the levels of an image that can be drawn; returns three lists of 256 counts.
export function count(image, width, height) {
  const scale = Math.min(1, SIDE / Math.max(width, height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const counts = [0, 1, 2].map(() => new Float64Array(256));
  for (let at = 0; at < data.length; at += 4) {
    for (let channel = 0; channel < 3; channel += 1) counts[channel][data[at + channel]] += 1;
  }
  return counts;
}

export function mean(counts) {
  let sum = 0;
  let all = 0;
  for (const channel of counts) {
    channel.forEach((many, level) => {
      sum += many * level;
      all += many;
    });
  }
  return all ? sum / all : 0;
}

// Draw counts as three outlines; the colours are the page's --red, --green and --blue.
export function draw(canvas, counts) {
  const ratio = globalThis.devicePixelRatio || 1;
  const width = (canvas.width = Math.max(1, Math.round(canvas.clientWidth * ratio)));
  const height = (canvas.height = Math.max(1, Math.round(canvas.clientHeight * ratio)));
  const context = canvas.getContext('2d');
  const style = getComputedStyle(canvas);
  // The ends hold what is clipped; a peak there must not flatten the rest.
  const inner = counts.flatMap((channel) => [...channel.slice(1, 255)]);
  const most = Math.max(1, ...inner);
  context.lineWidth = 1.5 * ratio;
  ['--red', '--green', '--blue'].forEach((name, channel) => {
    context.strokeStyle = style.getPropertyValue(name);
    context.beginPath();
    counts[channel].forEach((many, level) => {
      const x = (level / 255) * (width - 1);
      const y = height - 1 - Math.min(1, Math.sqrt(many / most)) * (height - 4);
      if (level) context.lineTo(x, y);
      else context.moveTo(x, y);
    });
    context.stroke();
  });
}

// A figure with a histogram; returns what shows the picture of a loaded <img> in it.
export function histogram(place, title) {
  const figure = document.createElement('figure');
  const canvas = document.createElement('canvas');
  const caption = document.createElement('figcaption');
  canvas.setAttribute('role', 'img');
  figure.append(canvas, caption);
  place.append(figure);
  return (image) => {
    const counts = count(image, image.naturalWidth, image.naturalHeight);
    draw(canvas, counts);
    const level = `mean level ${mean(counts).toFixed(0)} of 255`;
    canvas.setAttribute('aria-label', `Histogram ${title}: ${level}`);
    caption.textContent = `${title}: ${level}`;
  };
}
