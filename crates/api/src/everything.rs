//! `Patient/[id]/$everything`, streamed: the journal is never whole in memory.
//!
//! Standard: <https://hl7.org/fhir/R4/operation-patient-everything.html>

use std::pin::Pin;
use std::task::{Context, Poll};

use akson_base::Problem;
use akson_record::request::EverythingRequest;
use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderValue, Response};
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::mpsc;

use crate::format::{FHIR_JSON, without_format};
use crate::service::Call;

/// Chunks made ahead of a slow reader.
const CHUNKS_AHEAD: usize = 4;

pub(crate) async fn everything(call: &Call<'_>) -> Result<Response<Body>, Problem> {
    let request = EverythingRequest {
        id: call.target.id.to_string(),
        query: without_format(call.query).into_owned(),
    };
    let mut pages = call.record().everything(call.caller, request).await?;
    // The first chunk is awaited here, so that what fails at once has its proper status.
    let first = pages.next().await.transpose()?;
    let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
    let trace = call.caller.trace.clone();
    tokio::spawn(async move {
        let mut next: Option<Result<Bytes, Problem>> = first.map(Ok);
        while let Some(chunk) = next {
            if let Err(problem) = &chunk {
                tracing::error!(trace, code = problem.code, "everything: {}", problem.for_log);
            }
            let failed = chunk.is_err();
            // The reader has gone, or the answer is broken off: nothing more to do.
            if sender.send(chunk).await.is_err() || failed {
                return;
            }
            next = pages.next().await;
        }
    });
    let mut response = Response::new(Body::new(Chunks(receiver)));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
    Ok(response)
}

/// A body of chunks; a problem breaks the answer off, which a client sees as incomplete.
struct Chunks(mpsc::Receiver<Result<Bytes, Problem>>);

impl hyper::body::Body for Chunks {
    type Data = Bytes;
    type Error = Problem;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Problem>>> {
        self.0.poll_recv(context).map(|chunk| chunk.map(|chunk| chunk.map(Frame::data)))
    }
}
