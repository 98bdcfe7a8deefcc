//! Files of projects: under `/{project}/` at the node's host, and at the projects' own origins.

use std::sync::Arc;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, RequestPath};
use crowd_relay::Relay;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use hyper::body::Incoming;

use crate::Body;
use crate::asked::Asked;
use crate::content::{FileAnswer, Form, content_headers, is_html};
use crate::gateway::Handler;
use crate::hosts::{Hosts, Place};
use crate::refusal::Refusal;
use crate::rewrite::Links;
use crate::url_path::encode_path;

const NODE: HeaderName = HeaderName::from_static("x-crowd-node");

pub(crate) struct ProjectFiles {
    pub(crate) relay: Arc<Relay>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) node: HeaderValue,
}

/// Where a request points.
struct Target {
    project: ProjectName,
    path: RequestPath,
    form: Form,
    /// True for `/{project}` without the slash that its files' relative links need.
    bare: bool,
}

#[async_trait]
impl Handler for ProjectFiles {
    fn takes(&self, _: &Asked) -> bool {
        true
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let target = Target::of(&asked)?;
        let mut response = match self.way_out(&asked, &target) {
            Some(redirect) => redirect,
            None => self.file(&asked, &target).await?,
        };
        content_headers(response.headers_mut(), target.form);
        response.headers_mut().insert(NODE, self.node.clone());
        Ok(response)
    }
}

impl ProjectFiles {
    /// Where to go instead: to the project's own origin, or to the folder that was meant.
    fn way_out(&self, asked: &Asked, target: &Target) -> Option<Response<Body>> {
        let Target { project, path, form, bare } = target;
        if *form == Form::Own {
            return None;
        }
        if asked.manner.navigation
            && let Some(origin) =
                asked.host.as_ref().and_then(|host| self.hosts.project_origin(host, project))
        {
            let to = format!("{origin}/{}{}", encode_path(path.as_str()), asked.query());
            return Some(redirect(StatusCode::TEMPORARY_REDIRECT, &to, "no-store"));
        }
        bare.then(|| {
            redirect(StatusCode::PERMANENT_REDIRECT, &format!("/{project}/{}", asked.query()), "no-cache")
        })
    }

    async fn file(&self, asked: &Asked, target: &Target) -> Result<Response<Body>, Refusal> {
        let Target { project, path, form, .. } = target;
        let site = self.relay.site(project).await?;
        let found = site.find(path)?;
        if found.redirect {
            let folder = format!("{}{}/", form.prefix(project), encode_path(path.as_str()));
            let to = folder + &asked.query();
            return Ok(redirect(StatusCode::PERMANENT_REDIRECT, &to, "no-cache"));
        }
        let (file, status) = (found.file.clone(), found.status);
        let as_page = asked.manner.navigation && is_html(&file.media_type);
        let answer = FileAnswer { relay: self.relay.clone(), site, file, status };
        if !as_page {
            return answer.bytes(asked).await;
        }
        let links = Links {
            hosts: self.hosts.clone(),
            host: asked.host.clone(),
            project: project.clone(),
            form: *form,
        };
        answer.page(asked, links).await
    }
}

impl Target {
    fn of(asked: &Asked) -> Result<Self, Refusal> {
        let (project, path, form, bare) = match &asked.place {
            Place::Project(project) => (project.clone(), asked.path.as_str(), Form::Own, false),
            Place::Node => {
                let (name, path) = asked.path.split_once('/').unwrap_or((&asked.path, ""));
                let bare = name.len() == asked.path.len();
                // The path first: `/../x` is a bad path rather than a bad name.
                RequestPath::parse(path)?;
                RequestPath::parse(name)?;
                (ProjectName::parse(name)?, path, Form::UnderNode, bare)
            }
        };
        Ok(Self { project, path: RequestPath::parse(path)?, form, bare })
    }
}

fn redirect(status: StatusCode, to: &str, caching: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    // Paths are encoded, and a query came in as part of a valid request line.
    if let Ok(to) = HeaderValue::try_from(to) {
        headers.insert(LOCATION, to);
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    response
}
