import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderTemplates } from './render-template.js'

const rendered = (file: string, root: object = {}, helpers = '') =>
  renderTemplates({ file, _helpers: helpers }, root)['file']

test('text, fields, pipelines and functions', () => {
  const root = { a: { b: 'x' }, list: [1, 2], map: { z: 1, y: 2 } }
  assert.equal(rendered('1 {{ .a.b }} {{- "y" | quote }}\n{{- /* no */ -}}\n 2', root), '1 x"y"2')
  assert.equal(rendered('{{ .no | default (printf "%s-%s" .a.b "z") }}', root), 'x-z')
  assert.equal(rendered('{{ (index . "a").b }}', root), 'x')
  assert.equal(rendered('k:{{ toYaml .map | nindent 2 }}', root), 'k:\n  z: 1\n  "y": 2')
})

test('numbers are printed as Go prints those that Helm reads', () => {
  const numbers = {
    a: 0,
    b: 65535,
    c: 1_000_000,
    d: 1_073_741_824,
    e: 1.5,
    f: 1e-7,
    g: 0.0001,
    h: -3,
  }
  const told = Object.keys(numbers).map((name) => `{{ .${name} }}`)
  const expected = '0 65535 1e+06 1.073741824e+09 1.5 1e-07 0.0001 -3'
  assert.equal(rendered(told.join(' '), numbers), expected)
  assert.equal(rendered('{{ toJson . }}', { z: 1_000_000, a: [] }), '{"a":[],"z":1000000}')
})

test('conditions and ranges, with their variables', () => {
  const root = { yes: 'y', list: ['a', 'b'], map: { z: 1, y: 2 }, none: [] }
  const choice = '{{ if .no }}1{{ else if eq .yes "y" }}2{{ else }}3{{ end }}'
  assert.equal(rendered(choice, root), '2')
  assert.equal(
    rendered('{{ with .no }}{{ . }}{{ else }}-{{ end }}{{ with .yes }}{{ . }}{{ end }}', root),
    '-y',
  )
  assert.equal(rendered('{{ range .list }}{{ . }}{{ $.yes }}{{ end }}', root), 'ayby')
  assert.equal(rendered('{{ range $k, $v := .map }}{{ $k }}{{ $v }}{{ end }}', root), 'y2z1')
  assert.equal(rendered('{{ range .none }}x{{ else }}none{{ end }}', root), 'none')
  assert.equal(rendered('{{ $v := .yes -}} {{ $v }}', root), 'y')
})

test('what is defined is included with a dot of its own', () => {
  const helpers = '{{ define "x" }}[{{ .a }}{{ $.a }}]{{ end }}'
  assert.equal(rendered('{{ include "x" .sub | quote }}', { sub: { a: 1 } }, helpers), '"[11]"')
})

test('what Helm would refuse, or this does not know, is refused', () => {
  for (const file of [
    '{{ .a.b }}',
    '{{ lookup "x" }}',
    '{{ if .a }}',
    '{{ end }}',
    '{{ include "no" . }}',
    '{{ . }}',
  ]) {
    assert.throws(() => rendered(file, {}), file)
  }
})
