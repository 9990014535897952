// Opened as a file, a browser runs no modules and starts no workers: say what to do instead of loading
// for ever. No module itself, therefore.
if (location.protocol === 'file:')
  document.getElementById('status').textContent =
    'This page must come from a web server, of this machine too: python3 -m http.server -d web/dist'
