// Where the login has ended under an open page, its next request leads to the login.
{
  const send = window.fetch;
  window.fetch = async (...request) => {
    const answer = await send(...request);
    if (answer.status === 401) location.assign("/login");
    return answer;
  };
}
