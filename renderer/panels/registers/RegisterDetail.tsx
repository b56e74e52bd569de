import type { ReactNode } from 'react';
import { useMemo, useRef } from 'react';
import type { RegisterItem } from '../../../core/protocol/contract.ts';
import { useWidth } from '../../ui/useWidth.ts';
import { BitRuler } from '../entry/BitRuler.tsx';
import { fieldBits, fieldValue, formerValue } from '../entry/bits.ts';
import '../entry/entry.css';

/** The selected register bit by bit, as Entry shows an entry. */
export function RegisterDetail({
  register,
  shown,
  onShow,
}: {
  readonly register: RegisterItem & { readonly value: string };
  readonly shown: string | undefined;
  readonly onShow: (field: string) => void;
}): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const width = useWidth(box);
  const entry = useMemo(
    () => ({
      width: register.width,
      words: wordsOf(register.value),
      was: register.was === undefined ? undefined : wordsOf(register.was),
      fields: register.fields,
    }),
    [register],
  );
  const named = register.fields.filter(({ kind }) => kind !== 'reserved' && kind !== 'ignored');
  const field = register.fields.find(({ name }) => name === shown) ?? named.at(-1);
  return (
    <section className="register-detail" aria-label={`${register.name} bit by bit`} ref={box}>
      {width > 0 && <BitRuler entry={entry} width={width} shown={field?.name} onShow={onShow} />}
      <p className="readout" aria-live="polite">
        {field && (
          <>
            <span>
              <b>
                {register.name}.{field.name}
              </b>{' '}
              <span className="mono">
                {fieldBits(field)} = {fieldValue(field)}
              </span>{' '}
              <span className="muted">{field.spec}</span>
            </span>
            <span>
              {field.was !== undefined && (
                <span className="diff">Δ was {formerValue(field)}. </span>
              )}
              {field.text === fieldValue(field) ? '' : `${field.text}. `}
              {field.meaning}
            </span>
          </>
        )}
      </p>
    </section>
  );
}

/** A register of up to 128 bits as the ruler's 64-bit words, the low one first. */
function wordsOf(value: string): string[] {
  const whole = BigInt(value);
  const low = `0x${BigInt.asUintN(64, whole).toString(16)}`;
  return whole >> 64n === 0n ? [low] : [low, `0x${(whole >> 64n).toString(16)}`];
}
