// Requests to the server. Addresses are relative, so that the server may stand behind a prefix.

// What a user should read: a refusal of the server, or that there is no server.
export class Problem extends Error {}

const tokenDialog = document.getElementById("token");
const KEY = "token";
let asking;

// Asks the user for the token of the server. Requests that come at once share the question.
function askForToken() {
  asking ??= new Promise((resolve, reject) => {
    const field = tokenDialog.querySelector("[name=token]");
    tokenDialog.querySelector("p").textContent = sessionStorage.getItem(KEY)
      ? "The server did not accept this token."
      : "The server answers only those who have its token. It is kept until this tab is closed.";
    field.value = "";
    tokenDialog.returnValue = "";
    tokenDialog.showModal();
    tokenDialog.onclose = () => {
      if (tokenDialog.returnValue === "send") {
        sessionStorage.setItem(KEY, field.value);
        resolve();
      } else {
        reject(new Problem("The server answers only those who have its token."));
      }
    };
  }).finally(() => {
    asking = undefined;
  });
  return asking;
}

// A message of the server, or what its status says.
async function detailOf(response) {
  try {
    const { detail } = await response.json();
    if (typeof detail === "string" && detail) return detail;
  } catch {
    // Something between the page and the server has answered.
  }
  return `The server answered with the status ${response.status} ${response.statusText}.`;
}

// The response to a request, a `GET` without a body. Rejects with a `Problem`, or as an aborted one.
export async function request(address, { body, type, signal } = {}) {
  for (;;) {
    const headers = {};
    if (type) headers["Content-Type"] = type;
    const token = sessionStorage.getItem(KEY);
    if (token) headers.Authorization = `Bearer ${token}`;
    let response;
    try {
      const method = body === undefined ? "GET" : "POST";
      response = await fetch(address, { method, body, headers, signal });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw new Problem("The server does not answer. Is it still running?");
    }
    if (response.ok) return response;
    if (response.status !== 401) throw new Problem(await detailOf(response));
    await askForToken();
  }
}

// The JSON that the server answers. `given`: what to send as JSON.
export async function ask(address, given, signal) {
  const body = given && JSON.stringify(given);
  const response = await request(address, { body, type: given && "application/json", signal });
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new Problem("The server's answer broke off. Is it still running?");
  }
}
