//! Files of projects: under `/{project}/` at the node's host, and at the projects' own origins.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use crowd_protocol::{ProjectName, RequestPath};
use crowd_relay::Relay;
use crowd_trace::Door;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use hyper::body::Incoming;
use tokio::time::{Instant, timeout};

use crate::Body;
use crate::asked::Asked;
use crate::content::{FileAnswer, Form, Stylesheets, content_headers, is_css, is_html};
use crate::destination::Destination;
use crate::gateway::Handler;
use crate::hosts::{Hosts, Place};
use crate::late::LateAnswers;
use crate::refusal::Refusal;
use crate::rewrite::Links;
use crate::url_path::encode_path;

/// Who opens a page sees after this long that it is being asked for.
const PATIENCE: Duration = Duration::from_secs(1);

#[derive(Clone)]
pub(crate) struct ProjectFiles {
    pub(crate) relay: Arc<Relay>,
    pub(crate) hosts: Arc<Hosts>,
    pub(crate) sheets: Stylesheets,
    pub(crate) late: LateAnswers,
}

/// Where a request points.
#[derive(Clone)]
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

    fn route(&self) -> &'static str {
        "/{project}/{path}"
    }

    async fn answer(&self, asked: Asked, _: Incoming) -> Result<Response<Body>, Refusal> {
        let began = Instant::now();
        let answer = self.respond(asked).await;
        self.relay.doors().http.answered(began, answer.as_ref().err().map(Refusal::outcome));
        answer
    }
}

impl ProjectFiles {
    async fn respond(&self, asked: Asked) -> Result<Response<Body>, Refusal> {
        let target = Target::of(&asked)?;
        let answer = match self.way_out(&asked, &target) {
            Some(redirect) => Ok(redirect),
            None => self.file_or_wait(asked, &target).await,
        };
        let mut response = answer.map_err(|refusal| refusal.about(&target.project, target.form))?;
        content_headers(response.headers_mut(), target.form);
        Ok(response)
    }

    /// Where to go instead: to the project's own origin, or to the folder that was meant.
    fn way_out(&self, asked: &Asked, target: &Target) -> Option<Response<Body>> {
        let Target { project, path, form, bare } = target;
        if *form == Form::Own {
            return None;
        }
        if asked.manner.destination.is_navigation()
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

    /// The file. Who opens a page is told after a while that it is on its way, which goes on, so that the next try
    /// finds it; where nothing is kept it would not, and a frame has no room for such a page.
    async fn file_or_wait(&self, asked: Asked, target: &Target) -> Result<Response<Body>, Refusal> {
        let opened = asked.manner.destination == Destination::Document && !asked.manner.head;
        let (files, wanted) = (self.clone(), target.clone());
        let here = Door::here();
        let answer = async move { here.run(files.file(&asked, &wanted)).await };
        if !opened || !self.relay.keeps_chunks() {
            return answer.await;
        }
        let mut answer = answer.boxed();
        if let Ok(answer) = timeout(PATIENCE, &mut answer).await {
            return answer;
        }
        let key = (target.project.clone(), target.path.clone());
        self.late.see_through(key, answer.map(drop).boxed());
        Err(Refusal::waiting())
    }

    async fn file(&self, asked: &Asked, target: &Target) -> Result<Response<Body>, Refusal> {
        let began = Instant::now();
        let Target { project, path, form, .. } = target;
        let site = self.relay.site(project).await?;
        let found = site.find(path)?;
        if found.redirect {
            let folder = format!("{}{}/", form.prefix(project), encode_path(path.as_str()));
            let to = folder + &asked.query();
            return Ok(redirect(StatusCode::PERMANENT_REDIRECT, &to, "no-cache"));
        }
        let (file, status) = (found.file.clone(), found.status);
        let destination = asked.manner.destination;
        let as_page = destination.is_navigation() && is_html(&file.media_type);
        let as_sheet = destination == Destination::Style && is_css(&file.media_type);
        let answer = FileAnswer { relay: self.relay.clone(), site, file, status, began };
        let links = Links {
            hosts: self.hosts.clone(),
            host: asked.host.clone(),
            project: project.clone(),
            form: *form,
        };
        if as_page {
            answer.page(asked, links).await
        } else if as_sheet {
            answer.sheet(asked, &links, &self.sheets).await
        } else {
            answer.bytes(asked).await
        }
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
