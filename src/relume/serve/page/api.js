// The service behind this page.

let token = '';
let ask = async () => '';

// How the page asks its user for a token, when the service wants one.
export function onToken(asking) {
  ask = asking;
}

const RETRIES = 20; // of what is refused because there is too much to do
const SECOND = 1000;

async function call(path, options = {}, left = RETRIES) {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  let answer;
  try {
    answer = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    throw new Error('the service cannot be reached; is it running?');
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({ detail: `status ${answer.status}` }));
  if (answer.status === 401) {
    token = await ask(token !== '');
    if (token) return call(path, options, left);
  }
  if (answer.status === 503 && left > 0 && !options.signal?.aborted) {
    const seconds = Number(answer.headers.get('Retry-After')) || 1;
    await new Promise((done) => setTimeout(done, seconds * SECOND));
    return call(path, options, left - 1);
  }
  throw new Error(problem.detail);
}

export async function methods() {
  return (await call('v1/methods')).json();
}

// Settings of a request: method, knobs (an object), strength, format, quality, metadata, side.
export async function enhance(blob, settings, signal) {
  const { knobs = {}, ...plain } = settings;
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(plain)) {
    if (value !== undefined && value !== '') query.append(name, value);
  }
  for (const [name, value] of Object.entries(knobs)) query.append('knob', `${name}=${value}`);
  const answer = await call(`v1/enhance?${query}`, { method: 'POST', body: blob, signal });
  const header = (name) => answer.headers.get(`Relume-${name}`) ?? '';
  return {
    blob: await answer.blob(),
    method: header('Method'),
    reason: header('Reason'),
    notes: JSON.parse(header('Notes') || '[]'),
    original: header('Original').split('x').map(Number),
  };
}
