// Pictures come in: chosen, dropped or pasted.

// Calls `take` with a list of files.
export function receive(drop, input, take) {
  input.addEventListener('change', () => {
    take([...input.files]);
    input.value = ''; // the same file may be chosen again
  });
  addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) {
      event.preventDefault();
      take(files);
    }
  });
  // Anywhere on the page: a picture dropped beside the field would replace the page.
  for (const name of ['dragenter', 'dragover']) {
    addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.add('over');
    });
  }
  addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) drop.classList.remove('over');
  });
  addEventListener('drop', (event) => {
    event.preventDefault();
    drop.classList.remove('over');
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length) take(files);
  });
}

const SUFFIXES = { 'image/jpeg': 'jpg', 'image/tiff': 'tif' };

// What a result is called, as the command line calls it: party.jpg → party.relume.jpg.
export function resultName(name, type) {
  const [, stem, suffix] = /^(.*?)(?:\.([^.]*))?$/s.exec(name);
  const plain = SUFFIXES[type] ?? type.replace('image/', '');
  const same = { jpg: ['jpg', 'jpeg', 'jpe', 'jfif'], tif: ['tif', 'tiff'] }[plain] ?? [plain];
  return `${stem}.relume.${same.includes(suffix?.toLowerCase()) ? suffix : plain}`;
}

export function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
