
'use strict';
const tools = document.getElementById('tools');
const search = document.getElementById('search');

// With scripts, a block of rows is one text until somebody looks: 200 000 rows would be a million nodes. The text was
// escaped when the page was written, and the policy of the page keeps what is in it from running.
const policy = window.trustedTypes ? trustedTypes.createPolicy('rows', { createHTML: text => text }) : { createHTML: text => text };
let closed = Array.from(document.querySelectorAll('.c')).filter(block => block.firstElementChild?.localName === 'noscript');

function build(block) {
  const text = block.firstElementChild;
  if (text?.localName === 'noscript') {
    block.innerHTML = policy.createHTML(text.textContent);
  }
}

function buildAll() {
  closed.forEach(build);
  closed = [];
}

// The first blocks now, and the others as they come near the window.
const near = new IntersectionObserver(seen => {
  for (const { target, isIntersecting } of seen) {
    if (isIntersecting) {
      near.unobserve(target);
      build(target);
    }
  }
}, { rootMargin: '2000px' });
closed.slice(0, 2).forEach(build);
closed.forEach(block => near.observe(block));

// A few at a time, so that the search of the browser finds them all.
function buildNext() {
  const until = performance.now() + 8;
  while (closed.length > 0 && performance.now() < until) {
    build(closed.shift());
  }
  if (closed.length > 0) {
    setTimeout(buildNext, 24);
  }
}
window.addEventListener('load', () => setTimeout(buildNext, 500));
window.addEventListener('beforeprint', buildAll);

function goToRow() {
  const id = location.hash.slice(1);
  if (/^m\d+$/.test(id) && !document.getElementById(id)) {
    closed.filter(block => block.textContent.includes('id="' + id + '"')).forEach(build);
    document.getElementById(id)?.scrollIntoView();
  }
}
window.addEventListener('hashchange', goToRow);
goToRow();

function update() {
  buildAll();
  const text = search.value.toLowerCase();
  const boxes = Array.from(tools.querySelectorAll('[type=checkbox]'));
  const off = boxes.filter(box => !box.checked).map(box => box.value);
  // Frames of a fragmented message are always of interest.
  const isOff = row => off.some(name => row.classList.contains(name) && !(name === 'f' && row.classList.contains('many')));
  let found = 0;
  document.body.classList.toggle('no-f', off.includes('f'));
  for (const block of document.querySelectorAll('.c')) {
    let left = 0;
    for (const row of block.children) {
      row.hidden = isOff(row) || text !== '' && !row.textContent.toLowerCase().includes(text);
      left += !row.hidden;
    }
    block.hidden = left === 0;
    block.style.containIntrinsicSize = 'auto ' + left * 20 + 'px';
    found += left;
  }
  document.getElementById('count').textContent = found === 1 ? '1 row' : found + ' rows';
}

function fold(open) {
  buildAll();
  document.querySelectorAll('.c > :not([hidden]) details, details.case:not([hidden])').forEach(it => { it.open = open; });
}

if (tools) {
  let timer = 0;
  tools.hidden = false;
  tools.addEventListener('submit', event => event.preventDefault());
  tools.addEventListener('change', update);
  search.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(update, 150); });
  document.getElementById('unfold').addEventListener('click', () => fold(true));
  document.getElementById('fold').addEventListener('click', () => fold(false));
  // Headers of frames are for a closer look.
  const frames = tools.querySelector('[value=f]');
  if (frames) {
    frames.checked = false;
    document.body.classList.add('no-f');
  }
}
