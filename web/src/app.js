// The page: files in, knobs, a picture before and after, files out. How files come in, the slider, the
// knobs and the style sheets are those of the service's page (src/relume/serve/page).

import { receive, save as handOver } from './files.js'
import { knobs, slider as knob } from './knobs.js'
import { Slider } from './slider.js'

const PAUSE = 150 // milliseconds that knobs must rest before the whole picture is painted
const one = (id) => document.getElementById(id)
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
const compare = new Slider(one('compare'))
const waiting = new Map(), urls = {}
const files = [] // { file, settings }: what was set for a picture is there again when it is chosen again
let asked = 0, chosen = -1, opened = null, painting = false, turn = 0, pause = 0, inputs = [], standard = {}
let aside = [] // what came with the pictures last chosen and is none, told until others are chosen

function ask(what, given = {}) {
  const id = ++asked
  worker.postMessage({ id, ask: what, ...given })
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
}

worker.onmessage = ({ data: { id, answer, error, done } }) => {
  if (done !== undefined) return void (one('progress').value = done)
  const { resolve, reject } = waiting.get(id)
  waiting.delete(id)
  if (error) reject(new Error(error))
  else resolve(answer)
}
worker.onerror = () => fail(new Error('The engine did not start: this browser lacks WebAssembly with SIMD.'))

function say(text, isError = false) {
  one('status').textContent = text
  one('status').classList.toggle('error', isError)
}

const fail = (error) => say(error.message, true)

// What became of the picture that is open, and what was chosen with it and is none.
function end(words) {
  const { name, width, height } = opened
  say([`${name}: ${width} × ${height} pixels, ${words}`, ...aside].join(' Not opened: '), aside.length > 0)
}

function show(side, blob) {
  URL.revokeObjectURL(urls[side])
  compare.show(side, (urls[side] = URL.createObjectURL(blob)))
}

function addFiles(more) {
  const why = ({ size, type }) => !size ? 'an empty file' : /^(video|audio)\//.test(type) ? 'no picture; the command takes videos' : ''
  const all = [...more], pictures = all.filter((file) => !why(file))
  if (all.length) aside = all.filter(why).map((file) => `${file.name}: ${why(file)}`)
  if (pictures.length === 0) {
    if (all.length) say(aside.join('; '), true)
    return
  }
  files.push(...pictures.map((file) => ({ file, settings: null })))
  open(files.length - pictures.length)
}

function list() {
  one('files').replaceChildren(...files.map(({ file }, at) => {
    const item = document.createElement('li'), button = document.createElement('button')
    button.type = 'button'
    button.textContent = file.name
    button.setAttribute('aria-pressed', at === chosen)
    button.addEventListener('click', () => open(at))
    item.append(button)
    return item
  }))
  one('files').hidden = files.length < 2
}

async function open(at) {
  const { file } = files[at]
  chosen = at
  list()
  clearTimeout(pause)
  turn++
  opened = null
  one('save').disabled = true
  one('alone').hidden = true
  set(files[at].settings)
  say(`Opening ${file.name} …`)
  try {
    const found = await ask('open', { file })
    if (chosen !== at || found === null) return
    opened = found
    one('work').hidden = false
    compare.open(found.width, found.height)
    show('before', found.before)
    one('format').replaceChildren(...found.formats.map((name) => new Option(name.toUpperCase(), name)))
    if (found.verdict.left && !files[at].settings) leave()
    else await paint()
  } catch (error) {
    if (chosen !== at) return
    one('work').hidden = true
    fail(error)
  }
}

// Every picture begins with the standard settings, or with those that it had.
function set(settings) {
  for (const input of inputs) {
    input.value = settings?.[input.dataset.name] ?? input.defaultValue
    input.dispatchEvent(new Event('change'))
  }
}

// A slider that rests where it began stands for the standard, which may lie between its steps.
const settings = () => Object.fromEntries(inputs.map(({ value, dataset: { name } }) =>
  [name, value === standard[name].first ? standard[name].value : Number(value)]))

// As the command does, leave what needs nothing as it is, and say why.
function leave() {
  show('after', opened.before)
  document.body.dataset.state = 'alone'
  clearTimeout(pause)
  turn++
  painting = false
  one('reason').textContent = opened.copies ? '' : opened.notes.join('; ') // a copy loses nothing
  one('why').textContent = `Left as it is: ${opened.verdict.reason}.`
  one('alone').hidden = false
  one('save').disabled = false
  end(`left as it is: ${opened.verdict.reason}.`)
}

function change() {
  if (!opened) return
  files[chosen].settings = settings()
  return paint().catch(fail)
}

// A preview at once; all of it as soon as knobs rest.
async function paint() {
  if (!opened) return
  clearTimeout(pause)
  const mine = ++turn, { strength, ...knobs } = settings(), given = { knobs, strength }
  one('alone').hidden = true
  one('reason').textContent = [opened.verdict.left ? '' : opened.verdict.reason, ...opened.notes].filter(Boolean).join('; ')
  one('save').disabled = painting = true
  const { image } = await ask('paint', given)
  if (!image || turn !== mine) return
  show('after', image)
  document.body.dataset.state = 'painted'
  say('Preview. Working on the whole picture …')
  pause = setTimeout(() => whole(opened, given, mine), PAUSE)
}

async function whole(picture, given, mine) {
  one('progress').hidden = false
  one('progress').value = 0
  try {
    const { image } = await ask('paint', { ...given, whole: true })
    if (!image || turn !== mine) return
    show('after', image)
    one('save').disabled = painting = false
    end('done.')
  } catch (error) {
    fail(error)
  } finally {
    one('progress').hidden = true
  }
}

async function save() {
  const picture = opened
  one('save').disabled = true
  say(`Writing ${picture.name} …`)
  try {
    const alone = !one('alone').hidden
    const { blob, name, notes } = await ask('save', { format: one('format').value, alone })
    handOver(blob, name)
    say([`${name} was handed to your downloads.`, ...notes].join(' Note: '))
    one('status').scrollIntoView({ block: 'nearest' })
  } catch (error) {
    fail(error)
  } finally {
    if (opened === picture && !painting) one('save').disabled = false
  }
}

receive(one('drop'), one('choose'), addFiles)
one('save').addEventListener('click', save)
one('anyway').addEventListener('click', change)
one('reset').addEventListener('click', () => {
  set(null)
  if (opened) files[chosen].settings = null
  if (opened?.verdict.left) leave()
  else paint().catch(fail)
})

// Pictures shared by another app were put aside by the service worker.
async function shared() {
  if (!new URL(location.href).searchParams.has('shared')) return
  const shelf = await caches.open('shared'), found = []
  for (const request of await shelf.keys()) {
    const answer = await shelf.match(request), name = decodeURIComponent(answer.headers.get('x-name') ?? 'shared')
    found.push(new File([await answer.blob()], name, { type: answer.headers.get('content-type') }))
    await shelf.delete(request)
  }
  addFiles(found)
}

ask('start').then((card) => {
  const about = { name: 'strength', label: 'strength', low: 0, high: 1, value: 1 }
  inputs = [knob(one('strength-place'), about, change)]
  knobs(one('knobs'), card, change)
  inputs.push(...one('knobs').querySelectorAll('input'))
  const defaults = { strength: 1, ...Object.fromEntries(card.knobs.map((each) => [each.name, each.default])) }
  standard = Object.fromEntries(inputs.map(({ value, dataset: { name } }) => [name, { first: value, value: defaults[name] }]))
  one('choose').disabled = false
  document.body.dataset.state = 'ready'
  say('Nothing leaves this device: all work is done here.')
  shared()
}, fail)
navigator.serviceWorker?.register('sw.js')
