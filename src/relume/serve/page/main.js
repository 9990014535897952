// The page: its parts put together.

import * as api from './api.js';
import { receive, resultName, save } from './files.js';
import { Gallery } from './gallery.js';
import { Picture } from './picture.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { zip } from './zip.js';

const one = (id) => document.getElementById(id);
const pictures = [];
let current;

function say(words, isError = false) {
  one('status').textContent = words;
  one('status').classList.toggle('error', isError);
}

function fail(error) {
  if (error.name !== 'AbortError') say(error.message, true);
}

api.onToken((wasWrong) => new Promise((done) => {
  const dialog = one('token');
  if (wasWrong) say('that was not the service\'s token', true);
  dialog.addEventListener('close', () => done(one('token-text').value.trim()), { once: true });
  dialog.showModal();
}));

const settings = new Settings(one, () => {
  stage.refresh(settings.read());
  gallery.mark(settings.read().method);
});
const stage = new Stage(one, { fail, say });
const gallery = new Gallery(
  { details: one('side'), fieldset: one('chosen'), place: one('gallery') },
  {
    render: async (method, signal) => (await current.preview({ method }, signal)).blob,
    choose: (method) => settings.choose(method),
  },
);

async function open(picture) {
  current = picture;
  for (const other of pictures) other.button.setAttribute('aria-pressed', String(other === picture));
  try {
    await picture.ready;
  } catch {
    return; // it has said so itself
  }
  if (current !== picture) return;
  one('work').hidden = one('side').hidden = false;
  await stage.open(picture, settings.read());
  gallery.fill();
}

async function take(files) {
  const added = files.map((file) => new Picture(file));
  for (const picture of added) {
    pictures.push(picture);
    one('files').append(picture.item());
    picture.button.addEventListener('click', () => {
      if (picture.size) say(size(picture));
      open(picture);
    });
  }
  one('all').hidden = pictures.length < 2;
  const failed = [];
  let done = 0;
  progress(0, added.length);
  for (const picture of added) {
    say(`reading ${picture.file.name} …`);
    try {
      await picture.load();
      if (!done) open(picture);
      done += 1;
    } catch (error) {
      picture.remove();
      pictures.splice(pictures.indexOf(picture), 1);
      failed.push(`${picture.file.name}: ${error.message}`);
    }
    const told = done > 1 ? [`${done} pictures are ready`] : done ? [size(added.find((one) => one.size))] : [];
    say([...told, ...failed].join('; '), failed.length > 0); // what failed stays, whatever follows it
    progress(added.indexOf(picture) + 1, added.length);
  }
  one('all').hidden = pictures.length < 2;
}

function size(picture) {
  return `${picture.file.name}: ${picture.size.join(' × ')}`;
}

function progress(value, max) {
  Object.assign(one('progress'), { value, max, hidden: value >= max });
}

// Enhance whole pictures as they are set; one that fails is named and the rest go on.
async function results(chosen) {
  const wanted = settings.read();
  const found = [];
  const failed = [];
  for (const [index, picture] of chosen.entries()) {
    progress(index, chosen.length);
    say(`enhancing ${picture.file.name} …`);
    try {
      const { blob, notes } = await picture.whole(wanted);
      found.push({ name: resultName(picture.file.name, blob.type), blob, notes });
    } catch (error) {
      failed.push(`${picture.file.name}: ${error.message}`);
    }
  }
  progress(1, 1);
  const notes = found.flatMap((one) => one.notes);
  if (failed.length) say(failed.join('; '), true);
  else say([`${found.length} done`, ...new Set(notes)].join('; '));
  return found;
}

async function busy(button, work) {
  button.disabled = true;
  try {
    await work();
  } catch (error) {
    fail(error);
  } finally {
    button.disabled = false;
    button.focus();
  }
}

one('download').addEventListener('click', () => busy(one('download'), async () => {
  for (const { name, blob } of await results([current])) save(blob, name);
}));
one('all').addEventListener('click', () => busy(one('all'), async () => {
  const found = await results([...pictures]);
  if (found.length) save(await zip(found), 'relume.zip');
}));

receive(one('drop'), one('choose'), take);
api.methods().then((cards) => {
  const drawn = cards.filter((card) => card.input !== 'mosaic');
  settings.offer(drawn);
  gallery.offer(['auto', ...drawn.map((card) => card.name)], ['relume', 'fusion', 'exposure', 'lime']);
}).catch(fail);
