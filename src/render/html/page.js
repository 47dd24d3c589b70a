
'use strict';
const tools = document.getElementById('tools');
const search = document.getElementById('search');

function update() {
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
