import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { AdminGuard } from './access/admin.guard.js';
import { MeController } from './access/me.controller.js';
import { NewLinkController } from './access/new-link.controller.js';
import { SignOutController } from './access/sign-out.controller.js';
import { StartController } from './access/start.controller.js';
import { AlertChannelsController } from './alerts/alert-channels.controller.js';
import { AlertRulesController } from './alerts/alert-rules.controller.js';
import { AlertsController } from './alerts/alerts.controller.js';
import { API_PARTS, type ApiRouteParts } from './api-parts.js';
import { CostCentresController } from './cost-centres/cost-centres.controller.js';
import { ExportsController } from './exports/exports.controller.js';
import { SchedulesController } from './exports/schedules.controller.js';
import { JsonBodies } from './http/json-bodies.js';
import { BooksController } from './ledger/books.controller.js';
import { LedgerController } from './ledger/ledger.controller.js';
import { StuckUsageController } from './ledger/stuck-usage.controller.js';
import { PeriodsController } from './ledger/periods.controller.js';
import { LiveGateway } from './live/live.gateway.js';
import { SessionEndsController } from './live/session-ends.controller.js';
import { AuditController } from './members/audit.controller.js';
import { MembersController } from './members/members.controller.js';
import { TokensController } from './members/tokens.controller.js';
import { ModerationPeopleController } from './moderation/people.controller.js';
import { ModerationPolicyController } from './moderation/policy.controller.js';
import { ReviewsController } from './moderation/reviews.controller.js';
import { OpenApiController } from './openapi/openapi.controller.js';
import { OrganizationController } from './organization/organization.controller.js';
import { OverviewController } from './overview/overview.controller.js';
import { PlaygroundController } from './playground/playground.controller.js';
import { PoolsController } from './pools/pools.controller.js';
import { PriceImpactController } from './prices/price-impact.controller.js';
import { PricesController } from './prices/prices.controller.js';
import { RollupController } from './rollup/rollup.controller.js';
import { ReconcileController } from './reconcile/reconcile.controller.js';
import { StatementPageController, StatementsController } from './statements/statements.controller.js';
import { IssuersController } from './keys/issuers.controller.js';
import { KeysController } from './keys/keys.controller.js';
import { SecretsController } from './keys/secrets.controller.js';
import { PoolSettingsController } from './pools/pool-settings.controller.js';
import { BudgetNoticesController } from './tenants/budget-notices.controller.js';
import { SharesController } from './tenants/shares.controller.js';
import { TenantsController } from './tenants/tenants.controller.js';
import { WhatIfController } from './pools/what-if.controller.js';
import { SignInController } from './sign-in/sign-in.controller.js';
import { SignInWaysController } from './sign-in/sign-in-ways.controller.js';
import { ReportsController } from './v1/reports.controller.js';

/** The control plane's routes, bound to the parts that the composition root made. */
@Module({})
export class ApiModule {
  /** All that serve routes: a spec asks each of their routes who may use it. */
  static controllers(): readonly Type[] {
    return [
      StartController,
      SignInController,
      SignInWaysController,
      SignOutController,
      NewLinkController,
      OpenApiController,
      MeController,
      TenantsController,
      SharesController,
      BudgetNoticesController,
      KeysController,
      SecretsController,
      IssuersController,
      AlertsController,
      AlertChannelsController,
      AlertRulesController,
      MembersController,
      TokensController,
      AuditController,
      OverviewController,
      SessionEndsController,
      PlaygroundController,
      ReportsController,
      PoolsController,
      PoolSettingsController,
      WhatIfController,
      OrganizationController,
      ReconcileController,
      RollupController,
      LedgerController,
      StuckUsageController,
      BooksController,
      PeriodsController,
      PricesController,
      PriceImpactController,
      ExportsController,
      SchedulesController,
      CostCentresController,
      ReviewsController,
      ModerationPolicyController,
      ModerationPeopleController,
      StatementsController,
      StatementPageController,
    ];
  }

  static with(parts: ApiRouteParts): DynamicModule {
    return {
      module: ApiModule,
      controllers: [...ApiModule.controllers()],
      providers: [
        { provide: API_PARTS, useValue: parts },
        { provide: APP_GUARD, useClass: AdminGuard },
        { provide: APP_INTERCEPTOR, useClass: JsonBodies },
        LiveGateway,
      ],
    };
  }
}
