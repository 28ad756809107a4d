//! The console for operators, a first page, and the description of the API as a page: files that
//! are built into the component. It has no settings and asks nobody; what the pages show, browsers
//! ask the API for, with the operator's own token.

mod pages;

use pages::Page;

edge::component! {
    GET open "/" => pages::page [Page::Front];
    GET open "/console" => pages::page [Page::Console];
    GET open "/console/api" => pages::page [Page::Reference];
    GET open "/console/:id" => pages::asset;
}
