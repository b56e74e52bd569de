import type { ReactNode } from 'react';
import { useState } from 'react';
import type { RegisterItem } from '../../../core/protocol/contract.ts';
import { useCall } from '../../engine/useCall.ts';
import { fieldBits, fieldValue } from '../entry/bits.ts';
import { readDecode } from './model.ts';

/** Decodes `NAME=VALUE`, or a value alone as the selected register's, wherever it comes from. */
export function DecodeBox({
  vendor,
  names,
  selected,
}: {
  readonly vendor: 'intel' | 'amd';
  readonly names: readonly RegisterItem[];
  /** Name of the selected register. */
  readonly selected: string | undefined;
}): ReactNode {
  const [text, setText] = useState('');
  const read = readDecode(text, selected);
  const answer = useCall('registers.decode', read && { vendor, ...read }, false);
  const register = answer.value?.register;
  return (
    <div className="decode">
      <input
        className="field"
        aria-label="Decode a value: name=value"
        placeholder={`Decode: ${selected ?? names[0]?.name ?? 'GSTS'}=0xc7000000`}
        list="register-names"
        spellCheck={false}
        value={text}
        aria-invalid={answer.failure !== undefined}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape' || text === '') return;
          setText('');
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <datalist id="register-names">
        {names.map((each) => (
          <option key={each.name} value={`${each.name}=`} />
        ))}
      </datalist>
      {(register ?? answer.failure) && (
        <div className="popover decode-result" role="status">
          {answer.failure && <p className="is-error">{answer.failure.happened}</p>}
          {register && (
            <>
              <p>
                <b>
                  {register.name} · {register.title}
                </b>{' '}
                <span className="muted">{register.spec}</span>
              </p>
              <table>
                <tbody>
                  {register.fields
                    .filter((field) => field.kind !== 'reserved' || field.violated)
                    .map((field) => (
                      <tr key={field.name}>
                        <td className="muted">{fieldBits(field)}</td>
                        <td>{field.name}</td>
                        <td>{fieldValue(field)}</td>
                        <td className="second">
                          {field.violated ? 'reserved, but set' : field.text}
                        </td>
                      </tr>
                    ))}
                </tbody>
              </table>
            </>
          )}
        </div>
      )}
    </div>
  );
}
