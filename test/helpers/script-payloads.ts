/** What a payload runs when a page takes it for markup; the tests count the calls. */
const CALL = 'alert(1)';

/** Markup and addresses that run a script in one kind of careless sink or another. */
const BODIES: readonly string[] = [
  `<script>${CALL}</script>`,
  `<img src=x onerror="${CALL}">`,
  `<img src=x onerror='${CALL}'//`,
  `<svg onload="${CALL}">`,
  `<svg><script>${CALL}</script></svg>`,
  `<svg><animate onbegin="${CALL}" attributeName=x dur=1s>`,
  `<body onload="${CALL}">`,
  `<iframe srcdoc="&lt;script&gt;parent.${CALL}&lt;/script&gt;"></iframe>`,
  `<iframe src="javascript:parent.${CALL}"></iframe>`,
  `<details open ontoggle="${CALL}"><summary>x</summary></details>`,
  `<input autofocus onfocus="${CALL}">`,
  `<video><source onerror="${CALL}"></video>`,
  `<audio src=x onerror="${CALL}">`,
  `<object data="javascript:${CALL}"></object>`,
  `<a href="javascript:${CALL}" autofocus onfocus="${CALL}">x</a>`,
  `<form><button formaction="javascript:${CALL}" autofocus onfocus="${CALL}">x</button></form>`,
  `<math><mtext><img src=x onerror="${CALL}"></mtext></math>`,
  `<noscript><p title="</noscript><img src=x onerror='${CALL}'>">`,
  `<style>@keyframes x{}</style><b style="animation-name:x" onanimationstart="${CALL}">x</b>`,
  `<template><img src=x onerror="${CALL}"></template><img src=x onerror="${CALL}">`,
];

/** Ways out of the place where a careless page would have put the text. */
const EXITS: readonly ((body: string) => string)[] = [
  (body) => body,
  (body) => `">${body}`,
  (body) => `'>${body}`,
  (body) => `</option></select>${body}`,
  (body) => `</textarea></title></style></script>${body}`,
  (body) => `-->${body}<!--`,
  (body) => `]]>${body}`,
  (body) => `" onmouseover="${CALL}" x="${body}`,
  (body) => `\u0000<b>${body}</b>\u202e`,
  (body) => body.replace(/<(\w+)/g, (_tag, name: string) => `<${name.toUpperCase()}/`),
];

/** 200 hostile texts, all different, none longer than 200 characters. */
export const SCRIPT_PAYLOADS: readonly string[] = EXITS.flatMap((exit) => BODIES.map((body) => exit(body)));
