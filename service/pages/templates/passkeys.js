"use strict";
// A form with data-passkey posts what the browser says of a passkey, as its field `credential`. The question
// stands in data-options, or is fetched from data-ask. Without this script the form stays hidden.
(() => {
  const form = document.querySelector("form[data-passkey]");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  const { options, ask, failed, known, autofill } = form.dataset;
  const said = form.querySelector("[role=alert]");
  let offering = null;

  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const listed = (list) => list && list.map((one) => ({ ...one, id: bytes(one.id) }));

  const question = async () => {
    if (options) return JSON.parse(options);
    const answer = await fetch(ask, {
      method: "POST", headers: { "content-type": "application/json" }, body: "{}",
    });
    if (!answer.ok) throw new Error(answer.status);
    return (await answer.json()).data;
  };

  const credential = async (more) => {
    const { challenge, user, allowCredentials, excludeCredentials, ...rest } = await question();
    const publicKey = { ...rest, challenge: bytes(challenge) };
    if (!user) {
      publicKey.allowCredentials = listed(allowCredentials);
      return navigator.credentials.get({ ...more, publicKey });
    }
    publicKey.user = { ...user, id: bytes(user.id) };
    publicKey.excludeCredentials = listed(excludeCredentials);
    return navigator.credentials.create({ ...more, publicKey });
  };

  const send = async (more) => {
    const { id, response: given } = await credential(more);
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"])
      if (given[part]) response[part] = text(given[part]);
    if (given.getTransports) response.transports = given.getTransports();
    form.elements.credential.value = JSON.stringify({ id, response });
    form.submit();
  };

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (offering) offering.abort();
    said.textContent = "";
    try {
      await send({});
    } catch (problem) {
      said.textContent = problem.name === "InvalidStateError" && known ? known : failed;
    }
  });

  // Offered while the address is typed, where the browser can; the question is asked anew before it runs out.
  const offer = async () => {
    const able = PublicKeyCredential.isConditionalMediationAvailable;
    if (!able || !(await PublicKeyCredential.isConditionalMediationAvailable())) return;
    offering = new AbortController();
    const again = setTimeout(() => { offering.abort(); offer(); }, 240000);
    send({ mediation: "conditional", signal: offering.signal }).catch(() => {}).finally(() => clearTimeout(again));
  };

  for (const one of document.querySelectorAll("[data-passkey]")) one.hidden = false;
  if (autofill) offer();
})();
