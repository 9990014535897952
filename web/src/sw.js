// Offline: all files of one version are kept, and answered from there. Nothing else is ever asked for.

const VERSION = 'relume-__VERSION__'
const FILES = __FILES__

addEventListener('install', (event) => {
  event.waitUntil(caches.open(VERSION).then((shelf) => shelf.addAll(FILES)).then(() => skipWaiting()))
})

addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith('relume-') && name !== VERSION) await caches.delete(name)
    await clients.claim()
  })())
})

async function shelve(request) {
  const form = await request.formData(), shelf = await caches.open('shared')
  for (const [at, file] of form.getAll('pictures').entries())
    await shelf.put(`shared-${at}`, new Response(file, {
      headers: { 'content-type': file.type, 'x-name': encodeURIComponent(file.name) },
    }))
  return Response.redirect('./?shared', 303)
}

addEventListener('fetch', (event) => {
  const { request } = event, url = new URL(request.url)
  if (url.origin !== location.origin) return
  if (request.method === 'POST' && url.pathname.endsWith('/share')) return event.respondWith(shelve(request))
  if (request.method !== 'GET') return
  event.respondWith(caches.open(VERSION).then(async (shelf) =>
    (await shelf.match(request, { ignoreSearch: true })) ?? fetch(request)))
})
