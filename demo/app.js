// The demo page of webifi: one client, its settings, its state and what is sent.

import { chosenTarget, isKnown, labelOf, setFoundDevices, setOwnDevice } from './devices.js';
import { clearLog, logNotice, logReceived, logSent, renameSenders } from './log.js';
import { explain, listOf } from './text.js';

/** Least time between two searches that the page starts by itself. */
const SEARCH_PAUSE_MS = 3_000;
const REFRESH_MS = 250;
const DISCOVERY_RESPONSE = 'Discovery Response';
const NARROW = '(max-width: 56rem)';

const STATES = {
  idle: 'Not connected',
  connecting: 'Connecting',
  connected: 'Connected',
  reconnecting: 'Reconnecting',
  closed: 'Disconnected',
  failed: 'Connection refused',
};

const at = (id) => document.getElementById(id);
const fields = {
  connectName: at('connect-name'),
  connectPassword: at('connect-password'),
  networks: at('networks'),
  name: at('device-name'),
  encryption: at('encryption'),
  discoverable: at('discoverable'),
  dataType: at('data-type'),
  text: at('text'),
};

/** The client of the present connection, kept after its end so that its last state stays visible. */
let device;
/** Whether the connection was asked for at the form, so that the next thing to do is to write. */
let isAskedFor = false;
let retryAtMs;
let searchedAtMs = 0;
let searchTimer;

// Connection

function connect() {
  showAlert('');
  isAskedFor = true;
  device = new Webifi({
    connectName: fields.connectName.value,
    connectPassword: fields.connectPassword.value,
    networkNames: listOf(fields.networks.value),
    name: fields.name.value,
    discoverable: fields.discoverable.checked,
    useWebSocket: isWebSocketChosen(),
    useEncryption: fields.encryption.checked,
  });
  listen(device);
  const code = device.start();
  if (code !== Webifi.ErrorCode.SUCCESS) showAlert(Webifi.convertErrorCodeToString(code));
}

/** Reports of an earlier client that is still closing say nothing about the present one. */
function listen(client) {
  const whilePresent = (handle) => (event) => {
    if (client === device) handle(event);
  };
  client.on('status', whilePresent(onStatus));
  client.on('message', whilePresent(onMessage));
  client.on('error', whilePresent(onError));
  client.on('gap', whilePresent(onGap));
}

async function disconnect() {
  await device.close();
  at('connect').focus();
}

function onStatus({ from, to, cause, retryInMs }) {
  retryAtMs = retryInMs === undefined ? undefined : Date.now() + retryInMs;
  showState();
  showOwnDevice();
  if (to === 'connected') onConnected();
  else if (to === 'failed') onFailed();
  else if (to === 'closed') logNotice('Disconnected');
  else if (from === 'connected' && cause !== 'move') logNotice('The connection was lost', true);
}

function onConnected() {
  showAlert('');
  logNotice(`Connected over ${transportName()} as session ${device.getSessionId()}`);
  if (isAskedFor) turnToMessages();
  void search();
}

function turnToMessages() {
  isAskedFor = false;
  if (window.matchMedia(NARROW).matches) at('connection').open = false;
  else fields.text.focus();
}

function onFailed() {
  at('connection').open = true;
  fields.connectPassword.focus();
  fields.connectPassword.select();
}

function onMessage(message) {
  // The answers to a search are shown together, in the list of devices.
  if (message.dataType === DISCOVERY_RESPONSE) return;
  logReceived(message, labelOf(message.from));
  if (!isKnown(message.from)) searchSoon();
}

function onError(error) {
  const text = explain(error);
  logNotice(text, true);
  if (!device.connected) showAlert(text);
}

function onGap({ count }) {
  logNotice(`${count ?? 'Some'} messages to this page may be lost`, true);
}

// Settings of a running client

const isWebSocketChosen = () => document.querySelector('input[name=transport]:checked').value === 'websocket';
const transportName = () => (isWebSocketChosen() ? 'WebSocket' : 'long polling');
const isRunning = () => ['connecting', 'connected', 'reconnecting'].includes(device?.state);

function changeNetworks() {
  device.setNetworkNames(listOf(fields.networks.value));
  searchSoon();
}

function changeTransport() {
  device.setUseWebSocket(isWebSocketChosen());
  logNotice(`Transport changed to ${transportName()}`);
}

/** Calls `change` when `field` is changed while a client runs; otherwise the next one starts with the new value. */
function bindSetting(field, change) {
  field.addEventListener('change', () => {
    if (!isRunning()) return;
    change();
    showState();
    showOwnDevice();
  });
}

// State

function showAlert(text) {
  showText('alert', text);
}

/** Writes only what is new: a live region must not say the same words again. */
function showText(id, text) {
  const node = at(id);
  if (node.textContent !== text) node.textContent = text;
}

function showState() {
  const state = device?.state ?? 'idle';
  const running = isRunning();
  document.body.dataset.state = state;
  showText('state', STATES[state] ?? state);
  at('credentials').hidden = running;
  at('connect').hidden = running;
  at('disconnect').hidden = !running;
  at('running-hint').hidden = !running;
  at('send').disabled = !running;
  at('discover').disabled = state !== 'connected';
  showFacts();
}

function showFacts() {
  const running = isRunning();
  const counters = device?.getCounters() ?? { upload: 0, download: 0 };
  showText('fact-transport', running ? transportName() : '–');
  showText('fact-encryption', running ? (fields.encryption.checked ? 'TLS' : 'off') : '–');
  showText('fact-session', device?.connected ? device.getSessionId() : '–');
  showText('fact-upload', String(counters.upload));
  showText('fact-download', String(counters.download));
  showText('fact-queued', String(device?.getBufferedAmount() ?? 0));
  const waitMs = retryAtMs === undefined ? 0 : retryAtMs - Date.now();
  showText('countdown', waitMs > 0 ? `in ${Math.ceil(waitMs / 1000)} s` : '');
}

function showOwnDevice() {
  setOwnDevice(device?.connected ? { name: device.name, sessionId: device.getSessionId() } : undefined);
  renameSenders(labelOf);
}

// Searching and sending

async function search() {
  const client = device;
  if (!client?.connected) return;
  searchedAtMs = Date.now();
  try {
    const devices = await client.discover();
    if (client !== device || !client.connected) return;
    setFoundDevices(devices);
    renameSenders(labelOf);
  } catch (error) {
    if (client === device) logNotice(`The search for devices failed. ${explain(error)}`, true);
  }
}

/** A search by the page itself: one in a while, however many strangers write. */
function searchSoon() {
  if (searchTimer !== undefined) return;
  const waitMs = Math.max(0, searchedAtMs + SEARCH_PAUSE_MS - Date.now());
  searchTimer = setTimeout(() => {
    searchTimer = undefined;
    void search();
  }, waitMs);
}

async function send() {
  const target = chosenTarget();
  if (target === undefined) {
    at('target-networks').focus();
    logNotice('Name the networks to send to first', true);
    return;
  }
  const data = fields.text.value;
  const dataType = fields.dataType.value;
  const report = logSent(target.words, dataType, data);
  fields.text.value = '';
  try {
    await device.send(data, { ...target.options, dataType });
    report('sent');
  } catch (error) {
    report(`failed: ${explain(error)}`, true);
  }
}

// Start

/**
 * Takes the settings that the address carries after its `#`, which no browser sends to a server. A password leaves the
 * address at once. Only on loopback is it used without a click: there nobody else could have planted an account.
 */
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const password = given.get('connectPassword');
  if (password !== null) {
    given.delete('connectPassword');
    history.replaceState(null, '', `${location.pathname}#${given}`);
  }
  if (isRunning()) return;
  if (given.has('connectName')) fields.connectName.value = given.get('connectName');
  if (given.has('networks')) fields.networks.value = given.get('networks');
  if (given.has('name')) fields.name.value = given.get('name');
  if (given.get('transport') === 'polling') at('transport-polling').checked = true;
  if (password === null) return;
  fields.connectPassword.value = password;
  if (isLoopback(location.hostname)) connect();
  else at('connect').focus();
}

function isLoopback(hostname) {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function bindForms() {
  at('connect-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (!isRunning()) connect();
  });
  at('send-form').addEventListener('submit', (event) => {
    event.preventDefault();
    if (isRunning()) void send();
  });
  fields.text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    at('send-form').requestSubmit();
  });
}

function bindSettings() {
  bindSetting(fields.networks, changeNetworks);
  bindSetting(fields.name, () => (device.name = fields.name.value));
  bindSetting(fields.discoverable, () => device.setDiscoverable(fields.discoverable.checked));
  bindSetting(fields.encryption, () => device.setUseEncryption(fields.encryption.checked));
  bindSetting(at('transport-websocket'), changeTransport);
  bindSetting(at('transport-polling'), changeTransport);
}

// A page that came over TLS may not open anything less.
fields.encryption.checked = location.protocol === 'https:';
fields.encryption.disabled = location.protocol === 'https:';
bindForms();
bindSettings();
at('disconnect').addEventListener('click', () => void disconnect());
at('discover').addEventListener('click', () => void search());
at('clear').addEventListener('click', clearLog);
window.addEventListener('hashchange', readAddress);
setInterval(showFacts, REFRESH_MS);
showOwnDevice();
showState();
readAddress();
