//! `/portal/blobs/{storage}/{container}/{blob}`: blobs for the browser's user. GET saves one, or shows it as the picture that
//! it is; PUT brings a block of one. Nothing of a blob ever runs as a page: what somebody stored is nobody's word.
//! `/portal/packages/{account}/{application}/{version}`: PUT brings a block of an application package.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use futures_util::TryStreamExt;
use serde::Deserialize;

use super::download::{LARGEST_PICTURE, attachment, guard, part_headers, picture_kind};
use super::headers::ErrorAnswer;
use super::server_functions::signed_in;
use crate::api::Code;
use crate::domain::ids::AccountName;
use crate::rest::range::Range;
use crate::service::application_upload::{Version, application_package_block_put};
use crate::service::storage::write::Place;
use crate::service::storage::{blob, user};
use crate::service::{Caller, Context, Error, Result};

pub fn routes(cx: &Context) -> Router {
    Router::new()
        .route("/portal/blobs/{storage}/{container}/{*blob}", get(read).put(put_block))
        .route("/portal/packages/{account}/{application}/{version}", put(put_package_block))
        .layer(DefaultBodyLimit::disable())
        .with_state(cx.clone())
}

#[derive(Deserialize)]
struct Asked {
    /// `picture` shows it in the page.
    view: Option<String>,
    /// The block's id, in base64.
    block: Option<String>,
}

async fn read(
    State(cx): State<Context>,
    Path(names): Path<[String; 3]>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let outcome = answer(&cx, &names, asked.view.as_deref() == Some("picture"), request).await;
    outcome.unwrap_or_else(|error| ErrorAnswer(error.into()).into_response())
}

async fn answer(
    cx: &Context,
    [storage, container, name]: &[String; 3],
    as_picture: bool,
    request: Request,
) -> Result<Response> {
    let (parts, _) = request.into_parts();
    let caller = caller(cx, &parts).await?;
    let found = user::blob_open(cx, &caller, storage, Place { container, name }).await?;
    let length = found.blob.length;
    if as_picture {
        return picture(cx, found).await;
    }
    let range = parts.headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let range = range.map(|text| Range::parse(text, length)).transpose()?;
    let Range { start, end } = range.unwrap_or(Range { start: 0, end: length });
    let mut response = Body::from_stream(blob::blob_read(cx, found, start, end).await?).into_response();
    part_headers(&mut response, range, length);
    attachment(&mut response, name);
    Ok(response)
}

/// As the kind of picture that its first bytes say, whatever its writer says: a page of somebody's that is called a picture
/// is not taken for one.
async fn picture(cx: &Context, found: blob::Found) -> Result<Response> {
    let length = found.blob.length;
    let head: Vec<Bytes> =
        blob::blob_read(cx, found.clone(), 0, length.min(16)).await?.try_collect().await.map_err(busy)?;
    let kind = picture_kind(&head.concat()).filter(|_| length <= LARGEST_PICTURE);
    let kind = kind.ok_or(Error::from(Code::InvalidInput))?;
    let mut response = Body::from_stream(blob::blob_read(cx, found, 0, length).await?).into_response();
    guard(&mut response);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

async fn put_block(
    State(cx): State<Context>,
    Path([storage, container, name]): Path<[String; 3]>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let put = async {
        let caller = caller(&cx, &parts).await?;
        let id = asked.block.ok_or(Code::MissingRequiredQueryParameter)?;
        let place = Place { container: &container, name: &name };
        user::block_put(&cx, &caller, &storage, place, &id, body.into_data_stream()).await
    };
    taken(put.await)
}

async fn put_package_block(
    State(cx): State<Context>,
    Path([account, application, version]): Path<[String; 3]>,
    Query(asked): Query<Asked>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let put = async {
        let caller = caller(&cx, &parts).await?;
        let account: AccountName = account.parse().map_err(|_| Code::AccountNotFound)?;
        let id = asked.block.ok_or(Code::MissingRequiredQueryParameter)?;
        let of = Version { application: &application, version: &version };
        application_package_block_put(&cx, &caller, &account, of, &id, body.into_data_stream()).await
    };
    taken(put.await)
}

fn taken(put: Result<()>) -> Response {
    match put {
        Ok(()) => StatusCode::CREATED.into_response(),
        Err(error) => ErrorAnswer(error.into()).into_response(),
    }
}

async fn caller(cx: &Context, parts: &axum::http::request::Parts) -> Result<Caller> {
    signed_in(cx, parts).await?.ok_or_else(|| Code::Unauthorized.into())
}

fn busy(error: std::io::Error) -> Error {
    tracing::warn!(%error, "a blob cannot be read");
    Code::ServerBusy.into()
}
