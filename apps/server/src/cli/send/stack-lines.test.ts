/** Layouts of logs as they are written, given whole: what is one record, and what is not. */
import { expect, test } from 'vitest'
import { LineCutter } from './line-cutter.ts'
import { RecordJoiner } from './record-joiner.ts'

function recordsOf(lines: readonly string[]): string[] {
  const [cutter, joiner] = [new LineCutter(), new RecordJoiner('auto')]
  return [...joiner.add(cutter.push(Buffer.from(`${lines.join('\n')}\n`))), ...joiner.close()].map(String)
}

const layouts: readonly (readonly [name: string, lines: readonly string[]])[] = [
  ['text', ['started', 'listening on :8080', 'Error: no money', 'KeyError: x', 'main.main()', 'a.b.c is gone', '# 3', '(a) b']],
  ['objects, each whole', ['{"msg":"a"}', '{"msg":"b"}']],
  ['times', ['[2026-11-21 10:00:00] a', '10:00 b', '1700000000 c']],
  ['logfmt', ['level=info msg=a', 'level=warn msg="b c"']],
  [
    'log4j: %5p [%t] %c - %m%n',
    [
      'ERROR [main] Pay - no money',
      ' INFO [main] Pay - order 1',
      ' WARN [main] Pay - slow',
      ' INFO [main] Pay - order 2',
      'DEBUG [main] Pay - total',
      ' INFO [main] Pay - order 3',
    ],
  ],
  ['log4j: %c: %m%n', ['shop.Pay: order 1 paid', 'shop.Cart: order 2 opened', 'shop.Pay: no money', 'shop.Cart: order 3 opened']],
  ['log4j: %c: %m%n among others', ['2026-11-21 10:00:00 INFO started', 'shop.Pay: order 1 paid', 'shop.Cart: order 2 opened', 'ready']],
  ['log4j: %10t %5p %m%n', ['http-nio-1 ERROR no money', '      main  INFO order 1', 'http-nio-2  INFO order 2']],
  ['log4j: %10t %-5p %m%n', ['http-nio-1 ERROR no money', '      main INFO  order 1']],
  ['tracing of Rust, without times', ['ERROR shop: no money', ' WARN shop: slow', ' INFO shop: order 1']],
  ['tracing of Rust', ['2026-11-21T10:00:00Z ERROR shop: no money', '2026-11-21T10:00:00Z  INFO shop: order 1']],
  ['Python: %(levelname)8s', ['CRITICAL root: gone', '   ERROR root: no money', ' WARNING root: slow', '    INFO root: order 1']],
  ['Python: default', ['ERROR:root:no money', 'INFO:root:order 1', 'WARNING:shop.Cart:slow']],
  ['levels in small letters, to the right', ['error: no money', ' warn: slow', ' info: order 1', 'debug: total']],
  [
    'logback: default',
    [
      '10:00:00.123 [main] ERROR shop.Pay -- no money',
      '10:00:00.124 [main] INFO  shop.Pay -- order 1',
      '10:00:00.125 [main] DEBUG shop.Pay -- total',
    ],
  ],
  [
    'zap: console',
    ['2026-11-21T10:00:00.000Z\tINFO\tshop/pay.go:17\torder 1', '2026-11-21T10:00:00.001Z\tERROR\tshop/pay.go:18\tno money'],
  ],
  [
    'nginx: errors',
    [
      '2026/11/21 10:00:00 [error] 12#12: *3 open() "/srv/a" failed (2: No such file or directory)',
      '2026/11/21 10:00:01 [notice] 12#12: signal 1 (SIGHUP) received',
    ],
  ],
  [
    'docker compose',
    ['web-1    | INFO order 1', 'db-1     |   more of it', 'web-1    |     at pay (cart.js:17)', 'web-1  exited with code 1'],
  ],
  ['docker build', ['#5 [internal] load metadata', '#5 DONE 0.1s', '#6 [2/4] RUN make', '#6 CACHED']],
  ['numbered orders', ['#1 paid', '#2 opened', '#3 paid']],
  ['kernel', ['[    0.000000] Linux version 6', '[   10.100000] Command line']],
  ['seconds, to the right', [' 1.204 GET /a 200', ' 1.301 GET /b 200', '12.000 GET /c 500', ' 0.100 GET /d 200']],
  [
    'times, indented',
    ['  2026-11-21 10:00:00 a', '  2026-11-21 10:00:01 b', 'started', '  10:00:02 c', '  [10:00:03.1] d', '  Nov 21 10:00:04 e'],
  ],
  ['indented alike', ['  one', '  two', ' three']],
  ['a script', ['exit status 1', 'exit status 2', 'created by user 3', '[signal is weak]']],
  ['JUL', ['Nov 21, 2026 10:00:00 AM shop.Cart pay', 'SEVERE: no money', 'Nov 21, 2026 10:00:01 AM shop.Cart pay']],
]

test.each(layouts)('%s: each line is a record', (_name, lines) => {
  expect(recordsOf(lines)).toEqual(lines)
})

const printed: readonly (readonly [name: string, records: readonly (readonly string[])[]])[] = [
  [
    'pino-pretty',
    [
      ['[10:00:00.123] INFO (12): started', '    port: 8080', '    level: "info"'],
      [
        '[10:00:00.124] ERROR (12): no money',
        '    err: {',
        '      "type": "Error",',
        '      "stack":',
        '          Error: no money',
        '              at pay (/srv/cart.js:17:3)',
        '    }',
      ],
      ['[10:00:00.125] INFO (12): order 1'],
    ],
  ],
  [
    'logback with a stack',
    [
      [
        '10:00:00.123 [main] ERROR shop.Pay -- no money',
        'shop.PaymentRefused: no money',
        '\tat shop.Cart.pay(Cart.java:17)',
        'Caused by: java.io.IOException: away',
        '\t... 12 common frames omitted',
      ],
      ['10:00:00.124 [main] INFO  shop.Pay -- order 1'],
    ],
  ],
  [
    'log4j to the right, with a stack',
    [
      [' INFO [main] Pay - order 1'],
      ['ERROR [main] Pay - no money', 'shop.PaymentRefused: no money', '\tat shop.Cart.pay(Cart.java:17)'],
      [' WARN [main] Pay - slow', '    more of it'],
      [' INFO [main] Pay - order 2'],
    ],
  ],
  [
    '%c: %m%n with a stack',
    [
      ['shop.Pay: order 1'],
      ['shop.PaymentRefused: no money', '\tat shop.Cart.pay(Cart.java:17)', 'Caused by: java.io.IOException: away', '\t... 12 more'],
      ['shop.Cart: order 2 opened'],
      ['shop.Pay: order 3'],
    ],
  ],
  [
    'two stacks in a row',
    [
      ['Uncaught', 'shop.PaymentRefused: no money', '\tat shop.Cart.pay(Cart.java:17)'],
      ['shop.PaymentRefused: no money', '\tat shop.Cart.pay(Cart.java:17)'],
      ['a line behind'],
    ],
  ],
  [
    'two stacks of Python in a row',
    [
      ['Traceback (most recent call last):', '  File "/a.py", line 1, in pay', '    total()', 'KeyError: x'],
      ['Traceback (most recent call last):', '  File "/a.py", line 1, in pay', '    total()', 'KeyError: y'],
    ],
  ],
  [
    'tracing of Rust over lines',
    [
      ['  2026-11-21T10:00:00Z  INFO shop: order 1', '    at src/cart.rs:17'],
      ['  2026-11-21T10:00:01Z ERROR shop: no money', '    at src/cart.rs:18'],
    ],
  ],
  [
    '.NET',
    [
      ['info: Shop.Cart[0]', '      order 1'],
      ['fail: Shop.Cart[0]', '      no money'],
      ['info: Shop.Cart[0]', '      Now listening on: x'],
    ],
  ],
  ['YAML', [['config:', '  level: info', '  time: 10:00:00', '  error: null', '  days:', '    - 2026-11-21'], ['ready']]],
  ['SQL', [['2026-11-21 10:00:00 DEBUG query:', '    SELECT *', '      FROM errors', "    WHERE time > '2026-11-21'", ')'], ['ready']]],
  [
    'code of Python',
    [['Traceback (most recent call last):', '  File "/a.py", line 1, in pay', '    ERROR = total()', 'KeyError: x'], ['ready']],
  ],
  [
    'PHP',
    [
      ['[21-Nov-2026 10:00:00 UTC] cannot pay', '#0 /srv/main.php(3): pay()', '#1 [internal function]: run()', '#2 {main}'],
      ['[21-Nov-2026 10:00:01 UTC] order 1'],
    ],
  ],
]

test.each(printed)('%s: lines that belong together are one record', (_name, records) => {
  expect(recordsOf(records.flat())).toEqual(records.map((lines) => lines.join('\n')))
})

test('a class name is a record of its own unless its stack follows, also where nothing follows', () => {
  const [head, name, stack] = ['2026-11-21 10:00:00 ERROR no money', 'shop.Pay: order 1', '\tat shop.Cart.pay(Cart.java:17)']
  expect(recordsOf([head, name])).toEqual([head, name])
  expect(recordsOf([head, name, '', stack])).toEqual([`${head}\n${name}\n\n${stack}`])
  expect(recordsOf([head, '', '', name, '\tand more'])).toEqual([head, `${name}\n\tand more`])
})

test('what a record takes of the file is counted right where a class name began another one', () => {
  const [cutter, joiner] = [new LineCutter(), new RecordJoiner('auto')]
  expect(joiner.add(cutter.push(Buffer.from('head\n\na.B: c\n')))).toEqual([])
  expect(joiner.openBytes).toBe(13)
  expect(joiner.add(cutter.push(Buffer.from('\n\tmore\n'))).map(String)).toEqual(['head'])
  expect(joiner.openBytes).toBe(14)
})
