// The page: files in, knobs, a picture before and after, files out.

import { Compare } from './compare.js'

const $ = (id) => document.getElementById(id)
const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' })
const waiting = new Map()
const compare = new Compare($('compare'))
let asked = 0, files = [], chosen = -1, opened = null, knobs = [], pause = 0

function ask(what, given = {}, give = []) {
  const id = ++asked
  worker.postMessage({ id, ask: what, ...given }, give)
  return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }))
}

worker.onmessage = ({ data: { id, answer, error, done } }) => {
  if (done !== undefined) return void ($('progress').value = done)
  const { resolve, reject } = waiting.get(id)
  waiting.delete(id)
  if (error) reject(new Error(error))
  else resolve(answer)
}
worker.onerror = () => say('The engine did not start: this browser lacks WebAssembly with SIMD.')

const say = (text) => { $('status').textContent = text }

function addFiles(more) {
  const pictures = [...more].filter((file) => file.size > 0)
  if (pictures.length === 0) return
  files.push(...pictures)
  list()
  open(files.length - pictures.length)
}

function list() {
  $('files').replaceChildren(...files.map((file, at) => {
    const item = document.createElement('li'), button = document.createElement('button')
    button.type = 'button'
    button.textContent = file.name
    button.setAttribute('aria-current', at === chosen)
    button.addEventListener('click', () => open(at))
    item.append(button)
    return item
  }))
  $('files').hidden = files.length < 2
}

async function open(at) {
  chosen = at
  list()
  clearTimeout(pause)
  opened = null
  $('save').disabled = true
  say(`Opening ${files[at].name} …`)
  try {
    const found = await ask('open', { file: files[at] })
    if (chosen !== at) return
    opened = found
    document.body.classList.add('open')
    compare.frame(found.width, found.height)
    compare.show('before', found.before)
    $('format').replaceChildren(...found.formats.map((name) => new Option(name.toUpperCase(), name)))
    $('notes').textContent = found.notes.join('; ')
    await paint()
  } catch (error) {
    say(error.message)
  }
}

const values = () => Object.fromEntries(knobs.map(({ name }) => [name, Number($(`knob-${name}`).value)]))

// A preview at once; all of it as soon as knobs rest.
async function paint() {
  if (!opened) return
  clearTimeout(pause)
  const picture = opened, given = { knobs: values(), strength: Number($('strength').value) }
  $('save').disabled = true
  const { image } = await ask('paint', given)
  if (!image || opened !== picture) return
  compare.show('after', image)
  document.body.classList.add('painted')
  say('Preview. Working on the whole picture …')
  pause = setTimeout(async () => {
    $('progress').hidden = false
    $('progress').value = 0
    try {
      const all = await ask('paint', { ...given, whole: true })
      if (!all.image || opened !== picture) return
      compare.show('after', all.image)
      $('save').disabled = false
      say(`${picture.name}: ${picture.width} × ${picture.height} pixels, done.`)
    } catch (error) {
      say(error.message)
    } finally {
      $('progress').hidden = true
    }
  }, 150)
}

async function save() {
  try {
    const { blob, name, notes } = await ask('save', { format: $('format').value })
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = name
    link.click()
    setTimeout(() => URL.revokeObjectURL(link.href), 60000)
    say([`${name} was handed to your downloads.`, ...notes].join(' Note: '))
  } catch (error) {
    say(error.message)
  }
}

function knob({ name, default: standard, low, high, meaning }) {
  const row = document.createElement('div'), label = document.createElement('label')
  const input = document.createElement('input'), value = document.createElement('output')
  Object.assign(input, { type: 'range', id: `knob-${name}`, min: low, max: high, step: 0.05 })
  input.value = standard
  label.htmlFor = input.id
  label.textContent = `${name} `
  label.title = meaning
  value.textContent = Number(input.value).toFixed(2)
  label.append(value)
  input.addEventListener('input', () => {
    value.textContent = Number(input.value).toFixed(2)
    paint()
  })
  row.append(label, input)
  return row
}

$('choose').addEventListener('change', ({ target }) => {
  addFiles(target.files)
  target.value = ''
})
$('strength').addEventListener('input', () => {
  $('strength-value').textContent = Number($('strength').value).toFixed(2)
  paint()
})
$('zoom').addEventListener('change', () => compare.zoom($('zoom').checked))
$('save').addEventListener('click', save)
addEventListener('dragover', (event) => event.preventDefault())
addEventListener('drop', (event) => {
  event.preventDefault()
  addFiles(event.dataTransfer.files)
})
addEventListener('paste', (event) => addFiles(event.clipboardData.files))

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

ask('start').then((answer) => {
  knobs = answer.knobs
  $('knobs').append(...knobs.map(knob))
  $('choose').disabled = false
  document.body.classList.add('ready')
  say('Ready.')
  shared()
}, (error) => say(error.message))
navigator.serviceWorker?.register('sw.js')
