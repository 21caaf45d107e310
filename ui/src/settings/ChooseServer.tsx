import React, { useState } from "react";
import { Button, Form } from "react-bootstrap";
import type { SignInAddress, SignInServer } from "../calls";
import { bestOf, type Choice } from "./bestOf";

interface Props {
  servers: readonly SignInServer[];
  isBusy: boolean;
  onChoose: (server: string, url: string) => Promise<void>;
}

/** The servers of the account with their addresses, and what the test of each one said. */
export function ChooseServer({ servers, isBusy, onChoose }: Props): React.JSX.Element {
  const [choice, setChoice] = useState<Choice | null>(bestOf(servers));
  return (
    <Form
      className="mt-3"
      data-testid="plexsync-choose-server"
      onSubmit={(event) => {
        event.preventDefault();
        if (choice) void onChoose(choice.server, choice.url);
      }}
    >
      {servers.map((server) => (
        <fieldset key={server.id}>
          <legend className="h6">
            {server.name}
            {!server.is_owned && " (shared with this account; only its owner may edit)"}
          </legend>
          {server.addresses.map((address) => (
            <Form.Check
              key={address.url}
              type="radio"
              name="plexsync-address"
              id={`plexsync-address-${server.id}-${address.url}`}
              label={<AddressText address={address} />}
              disabled={!server.is_owned}
              checked={choice?.server === server.id && choice.url === address.url}
              onChange={() => setChoice({ server: server.id, url: address.url })}
            />
          ))}
        </fieldset>
      ))}
      {choice !== null && (
        <Button type="submit" className="mt-2" disabled={isBusy}>
          Use this address
        </Button>
      )}
    </Form>
  );
}

function AddressText({ address }: { address: SignInAddress }): React.JSX.Element {
  const facts = [
    address.is_reachable ? "reachable from Stash's machine" : "not reachable from Stash's machine",
    address.is_tls ? "encrypted" : "not encrypted",
  ];
  if (address.is_local) facts.push("local");
  if (address.is_relay) facts.push("through Plex's relay");
  if (address.is_owner === true) facts.push("the token may edit");
  if (address.is_owner === false) facts.push("the token may not edit");
  return (
    <>
      {address.url}
      <br />
      <small>
        {facts.join(", ")}
        {address.problem && `: ${address.problem}`}
      </small>
    </>
  );
}
